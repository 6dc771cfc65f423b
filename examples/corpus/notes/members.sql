-- Members of the rowing club who have not paid this year.
select m.name, m.email, max(p.paid_on) as last_payment
from member m
left join payment p on p.member = m.id
group by m.id
having last_payment is null or last_payment < date('now', 'start of year')
order by m.name;
